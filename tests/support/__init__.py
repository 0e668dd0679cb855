"""What tests share: builders, fakes, servers and real programs."""
