"""Where backups are stored."""


def object_location(backup_id: str) -> str:
    """Return the location of a backup in object storage."""
    return f"https://objects.spo1.mycloud.com/database_backups/{backup_id}.xbstream.gz.enc"
