// Command ferretdb runs FerretDB, which speaks MongoDB's protocol and keeps its data in SQLite
// files. It stands in for MongoDB in the project's tests, and is nothing to keep data in.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "`address` to listen on; port 0 takes a free one")
	dir := flag.String("dir", "", "existing `directory` to keep the databases in; without it, one that is removed in the end")
	cert := flag.String("tls-cert", "", "`file` of a certificate; with it the address takes TLS alone")
	key := flag.String("tls-key", "", "`file` of the certificate's key")
	stdin := flag.Bool("until-stdin-ends", false, "end when standard input does, so that nothing outlives a test")
	flag.Parse()

	listener := ferretdb.ListenerConfig{TCP: *listen}
	if *cert != "" {
		listener = ferretdb.ListenerConfig{TLS: *listen, TLSCertFile: *cert, TLSKeyFile: *key}
	}
	if err := run(listener, *dir, *stdin); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

func run(listener ferretdb.ListenerConfig, dir string, untilStdinEnds bool) error {
	if dir == "" {
		temporary, err := os.MkdirTemp("", "ferretdb-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temporary)
		dir = temporary
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return fmt.Errorf("%q is no directory; name one with -dir", dir)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if untilStdinEnds {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	db, err := ferretdb.New(&ferretdb.Config{
		Listener: listener,
		// Below that it logs each connection, and each duplicate key that a test provokes.
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError})),
		Handler:   "sqlite",
		SQLiteURL: "file:" + filepath.ToSlash(dir) + "/",
	})
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- db.Run(ctx) }()
	fmt.Println(db.MongoDBURI())
	return <-done
}
