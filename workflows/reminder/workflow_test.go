package reminder

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/internal/contract"
	"entente.dev/entente/internal/problem"
	"entente.dev/entente/internal/testkit/flowtest"
	"entente.dev/entente/workflows/profile"
)

const day = 24 * time.Hour

// world is the channels.
type world struct {
	*flowtest.Env
	channels []string
	said     []contract.DeliverIn
	at       []time.Duration
	began    time.Time
	fails    func(contract.DeliverIn) error
}

func newWorld(t *testing.T) *world {
	w := &world{Env: flowtest.New(t), channels: []string{"mail", "chat"}}
	w.began = w.Now()
	flowtest.On(w.Env, contract.ListChannels, func(in contract.AnnounceIn) (contract.ChannelsOut, error) {
		return contract.ChannelsOut{Channels: w.channels}, nil
	})
	flowtest.Do(w.Env, contract.Deliver, func(in contract.DeliverIn) error {
		if w.fails != nil {
			if err := w.fails(in); err != nil {
				return err
			}
		}
		w.said, w.at = append(w.said, in), append(w.at, w.Now().Sub(w.began))
		return nil
	})
	return w
}

func (w *world) input() contract.ReminderInput {
	return contract.ReminderInput{Org: "o", RequestID: "q", RemindAfter: 3 * day, EscalateAfter: 7 * day, Until: w.began.Add(14 * day)}
}

func (w *world) run(in contract.ReminderInput) {
	w.ExecuteWorkflow(Workflow, in)
	require.True(w.T, w.IsWorkflowCompleted())
	require.NoError(w.T, w.GetWorkflowError())
}

// on lists what one channel was told, and after how many days.
func (w *world) on(channel string) (occasions []contract.Occasion, days []int) {
	for i, d := range w.said {
		if d.Channel == channel {
			occasions, days = append(occasions, d.Occasion), append(days, int((w.at[i]+time.Hour)/day))
		}
	}
	return occasions, days
}

func (w *world) ends(after time.Duration) {
	w.Later(after, func() { w.SignalWorkflow(contract.RequestEnded, nil) })
}

func TestAQuestionIsSaidRemindedEscalatedAndEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ends(10 * day)
	w.run(w.input())
	for _, c := range w.channels {
		occasions, days := w.on(c)
		require.Equal(t, []contract.Occasion{contract.Asked, contract.Reminded, contract.Reminded, contract.Escalated, contract.Reminded, contract.Ended}, occasions, c)
		require.Equal(t, []int{0, 3, 6, 7, 9, 10}, days, c)
	}
	var seqs []int
	ids := map[string]bool{}
	for _, d := range w.said {
		if d.Occasion == contract.Reminded && d.Channel == "mail" {
			seqs = append(seqs, d.Seq)
		}
		ids[d.ID] = true
	}
	require.Equal(t, []int{1, 2, 3}, seqs)
	require.Len(t, ids, len(w.said), "each is another one")
}

func TestAfterItsTimeNothingIsSaid(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.input()
	in.Until, in.EscalateAfter = w.began.Add(7*day), 7*day
	w.run(in) // nobody says that it ended
	occasions, days := w.on("mail")
	require.Equal(t, []contract.Occasion{contract.Asked, contract.Reminded, contract.Reminded}, occasions)
	require.Equal(t, []int{0, 3, 6}, days)
}

func TestWithoutTimesItIsSaidOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.input()
	in.RemindAfter, in.EscalateAfter = 0, 0
	w.ends(10 * day)
	w.run(in)
	occasions, _ := w.on("mail")
	require.Equal(t, []contract.Occasion{contract.Asked, contract.Ended}, occasions)
}

// TestAChannelThatIsDownDelaysNoOther: each is repeated by itself, under the same ID.
func TestAChannelThatIsDownDelaysNoOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tried := map[contract.Occasion]int{}
	ids := map[string]bool{}
	w.fails = func(in contract.DeliverIn) error {
		if in.Channel != "chat" {
			return nil
		}
		tried[in.Occasion]++
		ids[in.ID] = true
		return problem.New(problem.Unavailable, "deliver", "down")
	}
	w.ends(7*day + time.Hour)
	w.run(w.input())
	occasions, days := w.on("mail")
	require.Equal(t, []contract.Occasion{contract.Asked, contract.Reminded, contract.Reminded, contract.Escalated, contract.Ended}, occasions)
	require.Equal(t, []int{0, 3, 6, 7, 7}, days)
	require.Greater(t, tried[contract.Asked], 5, "the test environment gives up after ten")
	require.Len(t, ids, 5)
	require.Less(t, w.Now().Sub(w.began), 9*day)
}

func TestNothingIsTriedForLongerThanADayOrThanItIsWorthSaying(t *testing.T) {
	t.Parallel()
	e := flowtest.New(t)
	windows := map[time.Duration]time.Duration{30 * day: day, time.Hour: time.Hour, -time.Hour: time.Minute}
	e.ExecuteWorkflow(func(ctx workflow.Context) error {
		for life, want := range windows {
			require.Equal(t, want, workflow.GetActivityOptions(profile.Announce(ctx, life)).ScheduleToCloseTimeout)
		}
		return nil
	})
	require.NoError(t, e.GetWorkflowError())
}

func TestWhatCanNeverBeDeliveredIsNotRepeated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fails = func(contract.DeliverIn) error { return problem.New(problem.Invalid, "deliver", "no such address") }
	w.ends(time.Hour)
	w.run(w.input())
	require.Len(t, w.Calls(contract.Deliver), 4)
}

func TestWhatIsAskedNoLongerIsNotSaidAnyMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	over := false
	w.fails = func(in contract.DeliverIn) error {
		if in.Occasion == contract.Ended {
			over = true
			return nil
		}
		require.False(w.T, over, "%s after the end", in.Occasion)
		return problem.New(problem.Unavailable, "deliver", "down")
	}
	w.ends(time.Hour)
	w.run(w.input())
	occasions, _ := w.on("mail")
	require.Equal(t, []contract.Occasion{contract.Ended}, occasions)
}

func TestANewRunGoesOnWhereTheOldOneWas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	in := w.input()
	in.OpenedAt, in.Reminded, in.Escalated = w.began.Add(-8*day), 2, true
	in.Until = w.began.Add(6 * day)
	w.ends(2 * day)
	w.run(in)
	occasions, days := w.on("mail")
	require.Equal(t, []contract.Occasion{contract.Reminded, contract.Ended}, occasions)
	require.Equal(t, []int{1, 2}, days)
	require.Equal(t, 3, w.said[slices.IndexFunc(w.said, func(d contract.DeliverIn) bool { return d.Occasion == contract.Reminded })].Seq)
}
