"""Situations by topic, as tables: each is run by `tests/alerts/test_situations.py`."""
