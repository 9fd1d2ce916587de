advlab check --list            # all exercises that have a grader
advlab check --template pgd    # a file to start from
