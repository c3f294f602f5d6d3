"""What somebody sees who scans an item: pages made on the server, which need no script."""
