from tui.watching import Watching
class StepIn(Watching):
    def __init__(self, *a): super().__init__()
