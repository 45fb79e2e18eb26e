"""The same property with a dict of sets, as one would write it for one's own log.

Reads lines of "CMD,CHANNEL,BUFFER,TIME" after a heading; prints the counts of unmaps and of maps that
came after the close, and the seconds of CPU time it took.
"""

import sys
import time

begin = time.process_time()
held = {}
lost = {}
is_open = set()
late = mapped_late = 0
next(sys.stdin)
for line in sys.stdin:
    cmd, channel, buffer, _ = line.split(",")
    if cmd == "0":
        is_open.add(channel)
    elif cmd == "1":
        mapped_late += channel not in is_open
        held.setdefault(channel, set()).add(buffer)
    elif cmd == "2":
        if buffer in held.get(channel, ()):
            held[channel].remove(buffer)
        elif buffer in lost.get(channel, ()):
            lost[channel].remove(buffer)
            late += 1
    else:
        is_open.discard(channel)
        if held.get(channel):
            lost.setdefault(channel, set()).update(held.pop(channel))
print(late, mapped_late, time.process_time() - begin)
