from tui.watching import Watching
class CurvesScreen(Watching):
    def __init__(self, *a): super().__init__()
