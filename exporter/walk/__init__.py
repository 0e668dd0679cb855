"""The sequential and the concurrent walk over every page of a list; pure, without I/O of its own."""
