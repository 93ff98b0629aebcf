// Command main verifies an exported sovereignty log with the library that checks Go's own checksum database.
//
//	main FOLDER VKEY                            the whole log: signature, every entry, every tile, inclusion of entries
//	main FOLDER VKEY -from CHECKPOINT           also that an earlier checkpoint (a file) is a beginning of this log
//	main FOLDER VKEY -from CHECKPOINT -by FILE  and that a proof of the hub says so (hub log consistency OLD NEW > FILE)
//	main - VKEY -proof FILE                     one c2sp.org/tlog-proof file
//
// Exit code 0 when everything holds, 1 when something does not. Written from docs/contracts/sovereignty-log.md; it shares no code
// with the hub and needs nothing but golang.org/x/mod/sumdb/{note,tlog}. Where x/mod (as of 0.7.0) and C2SP's tlog-tiles differ, a
// comment says so.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const (
	height    = 8
	tileWidth = 1 << height
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: main FOLDER|- VKEY [-from CHECKPOINT [-by FILE]] [-proof FILE]")
		os.Exit(2)
	}
	options := flag.NewFlagSet("main", flag.ExitOnError)
	from := options.String("from", "", "an earlier `checkpoint` that the log has to continue")
	by := options.String("by", "", "`file` with a consistency proof, a hash in base64 on each line")
	proof := options.String("proof", "", "a c2sp.org/tlog-proof `file` to verify instead of a folder")
	options.Parse(os.Args[3:])

	var said string
	var err error
	if *proof != "" {
		said, err = verifyProof(*proof, os.Args[2])
	} else {
		said, err = verifyLog(os.Args[1], os.Args[2], *from, *by)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "NOT VERIFIED:", err)
		os.Exit(1)
	}
	fmt.Println(said)
}

// openCheckpoint returns the tree that the key signed. tlog.ParseTree reads trees of the Go checksum database only.
func openCheckpoint(signed []byte, vkey string) (tlog.Tree, error) {
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return tlog.Tree{}, err
	}
	opened, err := note.Open(signed, note.VerifierList(verifier))
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("checkpoint: %w", err)
	}
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != verifier.Name() {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is of another log: %q", lines[0])
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || lines[1] != strconv.FormatInt(size, 10) {
		return tlog.Tree{}, fmt.Errorf("the checkpoint has no size: %q", lines[1])
	}
	root, err := tlog.ParseHash(lines[2])
	return tlog.Tree{N: size, Hash: root}, err
}

func openCheckpointFile(file, vkey string) (tlog.Tree, error) {
	signed, err := os.ReadFile(file)
	if err != nil {
		return tlog.Tree{}, err
	}
	return openCheckpoint(signed, vkey)
}

// folder reads tiles of an export. A tile's path in x/mod begins with its height, in tlog-tiles the height is always 8 and left out;
// entries are not one per line as in x/mod, but each behind its length.
type folder string

func (f folder) file(path string) ([]byte, error) { return os.ReadFile(filepath.Join(string(f), path)) }

func (f folder) Height() int { return height }

func (f folder) SaveTiles([]tlog.Tile, [][]byte) {}

func (f folder) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	read := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, err := f.file(tilePath(tile))
		if err != nil {
			return nil, err
		}
		read[i] = data
	}
	return read, nil
}

func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", height))
	return "tile/" + strings.Replace(path, "data/", "entries/", 1)
}

// entries returns the entries of the bundle that belongs to a tile of leaves.
func (f folder) entries(tile tlog.Tile) ([][]byte, error) {
	tile.L = -1
	path := tilePath(tile)
	bundle, err := f.file(path)
	if err != nil {
		return nil, err
	}
	var entries [][]byte
	for len(bundle) > 0 {
		if len(bundle) < 2 || len(bundle) < 2+int(binary.BigEndian.Uint16(bundle)) {
			return nil, fmt.Errorf("%s is cut", path)
		}
		end := 2 + int(binary.BigEndian.Uint16(bundle))
		entries = append(entries, bundle[2:end])
		bundle = bundle[end:]
	}
	if len(entries) != tile.W {
		return nil, fmt.Errorf("%s has %d entries, expected %d", path, len(entries), tile.W)
	}
	return entries, nil
}

// hashStorage is a tree that is computed here, from entries and nothing else.
type hashStorage []tlog.Hash

func (s hashStorage) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hashes[i] = s[index]
	}
	return hashes, nil
}

func verifyLog(name, vkey, from, by string) (string, error) {
	f := folder(name)
	tree, err := openCheckpointFile(filepath.Join(name, "checkpoint"), vkey)
	if err != nil {
		return "", err
	}
	if tree.N == 0 {
		// x/mod gives the empty tree a hash of zeros, RFC 6962 the hash of nothing.
		if tree.Hash != tlog.Hash(sha256.Sum256(nil)) {
			return "", errors.New("the root of the empty log is not the hash of nothing")
		}
	} else if err := verifyTree(f, tree); err != nil {
		return "", err
	}
	if from != "" {
		old, err := openCheckpointFile(from, vkey)
		if err != nil {
			return "", err
		}
		if err := verifyContinues(f, old, tree, by); err != nil {
			return "", fmt.Errorf("the checkpoint of size %d is no beginning of this log of size %d: %w", old.N, tree.N, err)
		}
	}
	return fmt.Sprintf("%d entries, all as signed; root %s", tree.N, tree.Hash), nil
}

// verifyTree computes the tree from the entries, then compares every tile with it, then proves entries from the tiles alone.
func verifyTree(f folder, tree tlog.Tree) error {
	var stored hashStorage
	for n := int64(0); n*tileWidth < tree.N; n++ {
		entries, err := f.entries(leafTile(n, tree.N))
		if err != nil {
			return err
		}
		for i, entry := range entries {
			hashes, err := tlog.StoredHashes(n*tileWidth+int64(i), entry, stored)
			if err != nil {
				return err
			}
			stored = append(stored, hashes...)
		}
	}
	root, err := tlog.TreeHash(tree.N, stored)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the entries have the root %s, signed is %s", root, tree.Hash)
	}

	for level := 0; tree.N>>(height*level) > 0; level++ {
		hashes := tree.N >> (height * level)
		for n := int64(0); n*tileWidth < hashes; n++ {
			tile := tlog.Tile{H: height, L: level, N: n, W: width(hashes - n*tileWidth)}
			expected, err := tlog.ReadTileData(tile, stored)
			if err != nil {
				return err
			}
			data, err := f.file(tilePath(tile))
			if err != nil {
				return err
			}
			if !bytes.Equal(data, expected) {
				return fmt.Errorf("%s does not have the hashes of the entries", tilePath(tile))
			}
		}
	}

	reader := tlog.TileHashReader(tree, f)
	for n := int64(0); n*tileWidth < tree.N; n++ {
		tile := leafTile(n, tree.N)
		for _, i := range []int64{n * tileWidth, n*tileWidth + int64(tile.W) - 1} {
			proof, err := tlog.ProveRecord(tree.N, i, reader)
			if err != nil {
				return fmt.Errorf("entry %d: %w", i, err)
			}
			if err := tlog.CheckRecord(proof, tree.N, tree.Hash, i, stored[tlog.StoredHashIndex(0, i)]); err != nil {
				return fmt.Errorf("entry %d: %w", i, err)
			}
		}
	}
	return nil
}

func leafTile(n, size int64) tlog.Tile {
	return tlog.Tile{H: height, L: 0, N: n, W: width(size - n*tileWidth)}
}

func width(hashes int64) int {
	if hashes > tileWidth {
		return tileWidth
	}
	return int(hashes)
}

func verifyContinues(f folder, old, tree tlog.Tree, by string) error {
	if old.N > tree.N {
		return errors.New("it is larger")
	}
	var given tlog.TreeProof
	if by != "" {
		var err error
		if given, err = readHashes(by); err != nil {
			return err
		}
	}
	if old.N == 0 {
		// x/mod proves nothing about empty trees; they are a beginning of every log, and the proof of that is empty.
		if old.Hash != tlog.Hash(sha256.Sum256(nil)) || len(given) > 0 {
			return errors.New("the root of the empty log is not the hash of nothing, or is proven by something")
		}
		return nil
	}
	if by != "" {
		if err := tlog.CheckTree(given, tree.N, tree.Hash, old.N, old.Hash); err != nil {
			return fmt.Errorf("%s: %w", by, err)
		}
	}
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, f))
	if err != nil {
		return err
	}
	return tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash)
}

func readHashes(file string) ([]tlog.Hash, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var hashes []tlog.Hash
	for _, line := range strings.Fields(string(text)) {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

// verifyProof reads a c2sp.org/tlog-proof file that brings its entry along as extra data.
func verifyProof(file, vkey string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	end := bytes.Index(text, []byte("\n\n"))
	if end < 0 {
		return "", errors.New("a proof is followed by an empty line and a checkpoint")
	}
	lines := strings.Split(string(text[:end]), "\n")
	if len(lines) < 3 || lines[0] != "c2sp.org/tlog-proof@v1" || !strings.HasPrefix(lines[1], "extra ") || !strings.HasPrefix(lines[2], "index ") {
		return "", errors.New("this is no c2sp.org/tlog-proof@v1 with an entry")
	}
	entry, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(lines[1], "extra "))
	if err != nil {
		return "", err
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(lines[2], "index "), 10, 64)
	if err != nil {
		return "", err
	}
	var proof tlog.RecordProof
	for _, line := range lines[3:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return "", err
		}
		proof = append(proof, hash)
	}
	tree, err := openCheckpoint(text[end+2:], vkey)
	if err != nil {
		return "", err
	}
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		return "", fmt.Errorf("entry %d: %w", index, err)
	}
	return fmt.Sprintf("entry %d of %d: %s", index, tree.N, entry), nil
}
