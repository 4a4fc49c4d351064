package graph

import "slices"

// StagedDeletes are the source ids of the deletions that the newest cycle held back, sorted. rows are newest first, as
// ProvisioningLog returns them. Rows appear with a delay: the list may still grow.
func StagedDeletes(rows []ProvisioningRow) []string {
	staged := func(row ProvisioningRow) bool { return row.Action == "stageddelete" }
	newest := slices.IndexFunc(rows, staged)
	if newest < 0 {
		return nil
	}
	var ids []string
	for _, row := range rows {
		if staged(row) && row.CycleID == rows[newest].CycleID {
			ids = append(ids, row.SourceID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// TooManyDeletes is the reason of a quarantine in which a job holds deletions back.
const TooManyDeletes = "TooManyDeletes"
