"""What the command line needs besides its commands: configuration, folders, progress, doctor."""
