"""From YAML, environment and flags to a frozen `Config`, or to one clear `ConfigError`."""
