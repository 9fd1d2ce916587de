advlab check fgsm wrong.py || echo "exit status $?"
