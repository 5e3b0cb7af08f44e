print("hindcast")
