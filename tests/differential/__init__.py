"""One verdict everywhere: the command line, the server, and what the API server keeps by itself, on the same cases."""
