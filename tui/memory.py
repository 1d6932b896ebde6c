from tui.watching import Watching
class MemoryScreen(Watching):
    def __init__(self, *a): super().__init__()
