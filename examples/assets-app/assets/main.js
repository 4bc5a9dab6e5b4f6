// The page.
document.title = left("hello", 9);
