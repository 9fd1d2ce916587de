"""The page on FGSM: what it measures (`measure`) and what it draws (`figures`)."""
