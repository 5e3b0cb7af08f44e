// Watching what was served.
