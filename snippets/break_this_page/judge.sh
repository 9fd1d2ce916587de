advlab challenge --help
