return { who = "a file" }
