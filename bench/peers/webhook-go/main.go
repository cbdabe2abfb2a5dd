// Command webhook-go is an admission webhook as a Go operator's author would write it by hand on controller-runtime,
// with the rules of Headgate's own server. It exists to be measured beside it.
package main

import (
	"flag"
	"log"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
)

func main() {
	folder := flag.String("snapshot", "", "folder of JSON lists to judge against")
	certificates := flag.String("cert-dir", "", "folder with tls.crt and tls.key")
	port := flag.Int("port", 9443, "port to listen on, on loopback")
	flag.Parse()
	snapshot, err := load(*folder)
	if err != nil {
		log.Fatal(err)
	}
	server := webhook.NewServer(webhook.Options{Host: "127.0.0.1", Port: *port, CertDir: *certificates})
	server.Register("/validate", &webhook.Admission{Handler: &Handler{snapshot: snapshot, final: true}})
	server.Register("/default", &webhook.Admission{Handler: &Handler{snapshot: snapshot}})
	if err := server.Start(ctrl.SetupSignalHandler()); err != nil {
		log.Fatal(err)
	}
}
