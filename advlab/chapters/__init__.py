"""What each page measures and draws: one module or package per page, named after it."""

#: The engine names results after the module or package below this one: "fgsm:epsilon_table".
HOLDS_CHAPTERS = True
