package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"golang.org/x/mod/sumdb/tlog"
)

func hexOf(h tlog.Hash) string { return hex.EncodeToString(h[:]) }

// Tree is the state of a tree: how many leaves it has, and its RFC 6962 root.
type Tree struct {
	Size int64
	Root tlog.Hash
}

// RootText is the root as checkpoints write it.
func (t Tree) RootText() string { return base64.StdEncoding.EncodeToString(t.Root[:]) }

// Growing computes a tree's root leaf by leaf and keeps only the roots of the full subtrees on its right edge:
// twenty hashes for a million leaves. The zero value is the empty tree.
type Growing struct {
	size int64
	edge []tlog.Hash // from the largest subtree to the smallest
}

// Add appends a leaf by its hash.
func (g *Growing) Add(leaf tlog.Hash) {
	for n := g.size; n&1 == 1; n >>= 1 {
		last := len(g.edge) - 1
		leaf = tlog.NodeHash(g.edge[last], leaf)
		g.edge = g.edge[:last]
	}
	g.edge = append(g.edge, leaf)
	g.size++
}

// Tree is the tree of what was added so far.
func (g *Growing) Tree() Tree {
	if g.size == 0 {
		return Tree{Root: sha256.Sum256(nil)}
	}
	root := g.edge[len(g.edge)-1]
	for i := len(g.edge) - 2; i >= 0; i-- {
		root = tlog.NodeHash(g.edge[i], root)
	}
	return Tree{Size: g.size, Root: root}
}

// Proof shows that the smaller of two trees is the beginning of the larger one.
type Proof []tlog.Hash

// ProveConsistency proves that the tree of old leaves is the beginning of the one of size leaves.
func ProveConsistency(size, old int64, hashes tlog.HashReader) (Proof, error) {
	if old < 0 || old > size {
		return nil, fmt.Errorf("a tree of %d leaves is no beginning of one of %d", old, size)
	}
	if old == 0 || old == size {
		return nil, nil
	}
	proof, err := tlog.ProveTree(size, old, hashes)
	return Proof(proof), err
}

// CheckConsistency checks such a proof.
func CheckConsistency(p Proof, old, now Tree) error {
	switch {
	case old.Size > now.Size:
		return fmt.Errorf("the ledger has %d entries, the checkpoint kept elsewhere has %d: its tail is gone", now.Size, old.Size)
	case old.Size == now.Size && old.Root != now.Root:
		return fmt.Errorf("two ledgers of %d entries have different roots: one of them was rewritten", now.Size)
	case old.Size == now.Size, old.Size == 0:
		return nil
	}
	if err := tlog.CheckTree(tlog.TreeProof(p), now.Size, now.Root, old.Size, old.Root); err != nil {
		return fmt.Errorf("the first %d entries are not those of the checkpoint kept elsewhere: %w", old.Size, err)
	}
	return nil
}
