"""What settlement does when another service has something to say: the file name is the rule."""
