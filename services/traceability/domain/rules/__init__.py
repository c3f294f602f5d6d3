"""Rules over captured events.

A rule is data. It **observes** each event that is captured while it is set: of a subject (an item, a place where
nothing is named, or the event itself) it notes when something was so, and when not. **Alerts** follow from all
observations of a subject in order of time, so they are the same whatever the order in which the events came; what an
event that was declared erroneous has shown does not count.
"""
