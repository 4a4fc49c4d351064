package app

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"entente.dev/entente/activities/graphread"
	"entente.dev/entente/activities/graphwrite"
	"entente.dev/entente/activities/planning"
	"entente.dev/entente/activities/record"
	"entente.dev/entente/internal/contract"
	"entente.dev/entente/workflows/acceptance"
	"entente.dev/entente/workflows/membertype"
	"entente.dev/entente/workflows/organization"
	"entente.dev/entente/workflows/reduction"
	"entente.dev/entente/workflows/reminder"
	"entente.dev/entente/workflows/restore"
	"entente.dev/entente/workflows/setup"
	"entente.dev/entente/workflows/share"
	"entente.dev/entente/workflows/tenant"
)

// registerCore registers what runs on the core queue: every workflow, planning and the store.
func registerCore(r worker.Registry, p *planning.Activities, rec *record.Activities) {
	for name, entry := range map[string]any{
		contract.OrganizationWorkflow: organization.Workflow, contract.PreviewWorkflow: organization.Preview,
		contract.TenantWorkflow: tenant.Workflow, contract.ShareWorkflow: share.Workflow,
		contract.SetupWorkflow: setup.Workflow, contract.TeardownWorkflow: setup.Teardown,
		contract.AcceptanceWorkflow: acceptance.Workflow, contract.MemberTypeWorkflow: membertype.Workflow,
		contract.ReductionWorkflow: reduction.Workflow, contract.RestoreWorkflow: restore.Workflow,
		contract.ReminderWorkflow: reminder.Workflow,
	} {
		r.RegisterWorkflowWithOptions(entry, workflow.RegisterOptions{Name: name})
	}
	register(r, map[string]any{
		contract.PlanTopology: p.PlanTopology, contract.PlanShare: p.PlanShare, contract.ProjectCoverage: p.ProjectCoverage,
		contract.PutShareStatus: rec.PutShareStatus, contract.PutTenantStatus: rec.PutTenantStatus, contract.PutRun: rec.PutRun,
		contract.OpenRequest: rec.OpenRequest, contract.CloseRequest: rec.CloseRequest,
		contract.OpenReduction: rec.OpenReduction, contract.SetReduction: rec.SetReduction, contract.ConfirmReduction: rec.ConfirmReduction, contract.ProveBrought: rec.ProveBrought,
		contract.KeepRestored: rec.KeepRestored, contract.RecordConversions: rec.RecordConversions, contract.DropShare: rec.DropShare,
		contract.RevokeEnvelope: rec.RevokeEnvelope, contract.NoteApproval: rec.NoteApproval,
		contract.NoteUnchecked: rec.NoteUnchecked,
	})
}

// registerTenant registers what runs on a tenant's queue: everything that touches that tenant.
func registerTenant(r worker.Registry, read *graphread.Activities, write *graphwrite.Activities) {
	register(r, map[string]any{
		contract.ObserveTenant: read.ObserveTenant, contract.FindApplication: read.FindApplication, contract.FindGroup: read.FindGroup,
		contract.FindJob: read.FindJob, contract.CheckRemovals: read.CheckRemovals, contract.CheckLog: read.CheckLog,
		contract.LearnLinks: read.LearnLinks, contract.CheckGuests: read.CheckGuests, contract.CheckReturned: read.CheckReturned,
		contract.CheckRestorable: read.CheckRestorable, contract.CheckEngine: read.CheckEngine,
		contract.CheckAddresses: read.CheckAddresses,

		contract.EnsurePartner: write.EnsurePartner, contract.EnsureInboundSync: write.EnsureInboundSync,
		contract.CreateApplication: write.CreateApplication, contract.CreateGroup: write.CreateGroup, contract.CreateJob: write.CreateJob,
		contract.CheckConnection: write.CheckConnection, contract.PutSecrets: write.PutSecrets, contract.EnsureSchema: write.EnsureSchema,
		contract.AssignGroup: write.AssignGroup, contract.AddScopeMembers: write.AddScopeMembers,
		contract.RemoveScopeMembers: write.RemoveScopeMembers, contract.ReturnScopeMembers: write.ReturnScopeMembers,
		contract.StartJob: write.StartJob, contract.RestartJob: write.RestartJob, contract.ConvertGuests: write.ConvertGuests,
		contract.UndeletePeople: write.UndeletePeople, contract.UndeletePlanned: write.UndeletePlanned,
		contract.BlockPlanned: write.BlockPlanned, contract.UnblockPlanned: write.UnblockPlanned,
		contract.DeleteBrought: write.DeleteBrought, contract.ReleaseDeletes: write.ReleaseDeletes,
		contract.DeleteJob: write.DeleteJob, contract.DeleteApplication: write.DeleteApplication, contract.DeleteGroup: write.DeleteGroup,
		contract.DeleteInboundSync: write.DeleteInboundSync, contract.ReleasePartner: write.ReleasePartner,
	})
}

func register(r worker.Registry, activities map[string]any) {
	for name, fn := range activities {
		r.RegisterActivityWithOptions(fn, activity.RegisterOptions{Name: name})
	}
}
