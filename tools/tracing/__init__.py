"""Reading traces on the host: records.py first, then flow.py."""
