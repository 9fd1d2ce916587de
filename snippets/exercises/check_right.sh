advlab check fgsm right.py
