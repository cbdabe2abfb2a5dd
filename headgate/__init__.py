"""The command line `headgate`: runs each process and everything that works offline."""
