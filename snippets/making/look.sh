advlab list           # what the store holds: kind, name, key, age, size, seconds
advlab build --help   # fill it: profile, device, how many computations side by side
advlab clean --help   # forget what no book refers to, or everything
