"""The operator's side: a stack's queues, buckets and table, worked on directly."""
