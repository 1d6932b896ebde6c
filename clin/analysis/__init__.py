"""What stored runs say: reports, statistics, lifelong metrics, grades."""
