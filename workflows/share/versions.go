package share

import "go.temporal.io/sdk/workflow"

// notesGuestsFirst: guests are noted before the set-up that lets the engine convert them, not only before we wait for
// it. Since the first release; it can go when no share's history is older, which is after passesPerRun passes of each.
func notesGuestsFirst(ctx workflow.Context) bool {
	return workflow.GetVersion(ctx, "guests-noted-before-set-up", workflow.DefaultVersion, 1) == 1
}
