from tui.watching import Watching
class StartScreen(Watching):
    def __init__(self, *a): super().__init__()
