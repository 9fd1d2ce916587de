"""What is kept, and under which key: results by everything that can change them."""
