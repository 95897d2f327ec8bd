"""What a file in Chrome's trace format must be, for tests."""

TOLERANCE = 1e-4  # us: sums of decimal fractions


def faults_of(data):
    """What is wrong with a file in Chrome's trace format: slices that overlap, arrows and requests without
    their other half, arrows that touch no slice."""
    slices, halves = {}, {}
    for event in data["traceEvents"]:
        if event["ph"] == "X":
            slices.setdefault((event["pid"], event["tid"]), []).append((event["ts"], event["ts"] + event["dur"]))
        elif event["ph"] in "sfbe":
            halves.setdefault((event["cat"], event["id"]), []).append(event)
    for track, spans in slices.items():
        stack = []
        for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
            while stack and stack[-1] <= start + TOLERANCE:
                stack.pop()
            if stack and end > stack[-1] + 0.0015:
                yield f"slices of track {track} overlap at {start}"
            stack.append(end)
    begins = {track: {start for start, _ in spans} for track, spans in slices.items()}
    for key, events in halves.items():
        if sorted(event["ph"] for event in events) not in (["f", "s"], ["b", "e"]):
            yield f"{key} has {[event['ph'] for event in events]}"
        times = [event["ts"] for event in events]
        if times != sorted(times):
            yield f"{key} ends before it begins"
        for event in events:
            # Each begins where its record's own slice does.
            if event["ts"] not in begins.get((event["pid"], event["tid"]), ()):
                yield f"{key} touches no slice at {event['ts']}"
