"""What the pytest plugin is made of: targets, the device behind each of them, fixtures, checks, failure text.

Rule: nothing here knows pytest or the packets of the line; the plugin, the one door to both, hands them in.
"""
