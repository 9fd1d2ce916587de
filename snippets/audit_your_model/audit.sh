advlab audit mymodel:rounding --epsilon 0.2 --quick --report card.html || echo "exit status $?"
