"""What happens to busy workers when something around them fails, or tells what is not true.

Every fault is made on a real node while workers are being removed under a load that never lets them rest; the ledger
of the jobs and a watch of the pods tell what became of both.
"""
