advlab audit mymodel:rounding --epsilon 0.2 --quick --images 20 --save broken.safetensors || echo "exit status $?"
advlab verify broken.safetensors --model mymodel:rounding
