package e2e

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// relay stands between processes and the simulator and knows which process each connection is of. It asks the kernel
// while the connection is open and before a byte of it goes on, so that nobody can have left meanwhile; and it forwards
// each on a connection of its own, whose address the simulator's request log shows. What a process says of itself does
// not count.
type relay struct {
	to    string
	known func() map[int]string // names of processes by id

	listener net.Listener
	mu       sync.Mutex
	from     map[string]string // process by the address that the simulator sees
	kept     []net.Conn        // ended ones too: an address must not come again
}

const stranger = "a process that is none of ours"

func (r *relay) start(end func(func())) error {
	var err error
	if r.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	r.from = map[string]string{}
	end(r.close)
	go func() {
		for {
			c, err := r.listener.Accept()
			if err != nil {
				return
			}
			go r.forward(c)
		}
	}()
	return nil
}

func (r *relay) close() {
	_ = r.listener.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.kept {
		_ = c.Close()
	}
}

func (r *relay) address() string { return r.listener.Addr().String() }

// whose is the process behind an address that the simulator saw.
func (r *relay) whose(remote string) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, ok := r.from[remote]
	return name, ok
}

func (r *relay) forward(in net.Conn) {
	defer func() { _ = in.Close() }()
	who := r.owner(in)
	out, err := net.Dial("tcp", r.to)
	if err != nil {
		return
	}
	r.mu.Lock()
	r.from[out.LocalAddr().String()] = who
	r.kept = append(r.kept, out)
	r.mu.Unlock()
	done := make(chan struct{}, 2)
	for _, pair := range [][2]net.Conn{{in, out}, {out, in}} {
		go func() {
			_, _ = io.Copy(pair[0], pair[1])
			_ = pair[0].(*net.TCPConn).CloseWrite()
			done <- struct{}{}
		}()
	}
	<-done
	<-done
}

// owner is the process that holds the other end of a connection.
func (r *relay) owner(c net.Conn) string {
	inode, err := inodeOf(c.RemoteAddr(), c.LocalAddr())
	if err != nil {
		return err.Error()
	}
	for pid, name := range r.known() {
		for _, to := range openFiles(pid) {
			if to == "socket:["+inode+"]" {
				return name
			}
		}
	}
	return stranger
}

// inodeOf finds a connection's end in the kernel's table, where addresses are little-endian hexadecimal.
func inodeOf(local, remote net.Addr) (string, error) {
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 9 && fields[1] == kernelForm(local) && fields[2] == kernelForm(remote) {
			return fields[9], nil
		}
	}
	return "", fmt.Errorf("no connection from %s to %s", local, remote)
}

func kernelForm(a net.Addr) string {
	t := a.(*net.TCPAddr)
	ip := t.IP.To4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], t.Port)
}

// openFiles are what a process's descriptors lead to.
func openFiles(pid int) []string {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var out []string
	for _, e := range entries {
		if to, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			out = append(out, to)
		}
	}
	return out
}
