"""What a list of backups means: groups, sums, chains, assessments and risks; pure, without a clock."""
