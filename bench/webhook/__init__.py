"""Reviews a second on one core, latency and memory: Headgate's admission server beside one in Go with equal rules."""
