//! A real moto server, which answers as AWS does and moves no traffic, with a load balancer and two target groups.
//!
//! It is the child of a shell that ends it when this process is gone, however it went.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Tells the server's id and where it listens, and ends it when the pipe to this process breaks.
const KEEPER: &str =
    r#""$0" -H 127.0.0.1 -p 0 2>&1 & pid=$!; trap 'kill -9 $pid; wait $pid' EXIT; echo "pid $pid"; read -r _"#;

/// Time enough for any answer on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// One server with what was made in it.
pub struct Moto {
    /// Where it listens.
    pub address: SocketAddr,
    /// The load balancer's listener.
    pub listener: String,
    /// A rule of it.
    pub rule: String,
    /// Its target groups, blue and green.
    pub groups: [String; 2],
    keeper: Option<Child>,
    pid: Pid,
}

impl Moto {
    /// Starts one: listener and rule forward everything to blue, green goes along with nothing.
    pub fn start() -> Self {
        let Some(program) = program() else {
            panic!("there is no `moto_server` on this machine; `./tests/run` installs what the tests need")
        };
        let mut keeper = Command::new("sh")
            .args(["-c", KEEPER])
            .arg(program)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell starts");
        let mut said = BufReader::new(keeper.stdout.take().expect("it has an output"));
        let mut pid = None;
        let mut heard = String::new();
        let address = loop {
            let mut line = String::new();
            let count = said.read_line(&mut line).expect("its output can be read");
            assert!(count > 0, "moto does not start:\n{heard}");
            heard.push_str(&line);
            if let Some(number) = line.strip_prefix("pid ") {
                pid = number.trim().parse().ok().and_then(Pid::from_raw);
            }
            if let Some((_, address)) = line.split_once("Running on http://") {
                break address.trim().parse().expect("it tells where it listens");
            }
        };
        // It logs every request: nobody reading must not stop it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let pid = pid.expect("the shell tells its id before");
        let groups = [String::new(), String::new()];
        let mut moto =
            Self { address, listener: String::new(), rule: String::new(), groups, keeper: Some(keeper), pid };
        moto.furnish();
        moto
    }

    /// Stops it where it is (SIGSTOP), or lets it go on.
    pub fn freeze(&self, is_frozen: bool) {
        kill_process(self.pid, if is_frozen { Signal::STOP } else { Signal::CONT }).expect("it takes signals");
    }

    /// Ends it and waits until nobody is there.
    pub fn end(&mut self) {
        if let Some(mut keeper) = self.keeper.take() {
            drop(keeper.stdin.take());
            keeper.wait().ok();
        }
    }

    /// Changes the rule's weights behind everybody's back.
    pub fn meddle(&self, blue: u32, green: u32) {
        let form = format!("RuleArn={}&{}", self.rule, self.forward("Actions", blue, green));
        self.ask("elasticloadbalancing", "ModifyRule", &form);
    }

    /// The weights of blue and green in the rule, or in the listener's default action.
    pub fn weights(&self, is_rule: bool) -> [u32; 2] {
        let answer = if is_rule {
            self.ask("elasticloadbalancing", "DescribeRules", &format!("RuleArns.member.1={}", self.rule))
        } else {
            self.ask("elasticloadbalancing", "DescribeListeners", &format!("ListenerArns.member.1={}", self.listener))
        };
        self.groups.each_ref().map(|group| {
            let tuple =
                answer.split("<member>").find(|tuple| tuple.contains(group.as_str()) && tuple.contains("<Weight>"));
            between(tuple.unwrap_or_else(|| panic!("{group} is not in {answer}")), "<Weight>", "</Weight>")
                .parse()
                .unwrap()
        })
    }

    fn furnish(&mut self) {
        const ELB: &str = "elasticloadbalancing";
        let vpc = self.ask("ec2", "CreateVpc", "CidrBlock=10.0.0.0/16");
        let vpc = between(&vpc, "<vpcId>", "</vpcId>");
        let subnets = ["a", "b"].map(|zone| {
            let form =
                format!("VpcId={vpc}&CidrBlock=10.0.{}.0/24&AvailabilityZone=eu-west-1{zone}", u8::from(zone == "b"));
            between(&self.ask("ec2", "CreateSubnet", &form), "<subnetId>", "</subnetId>").to_owned()
        });
        let form =
            format!("Name=edge&Type=application&Subnets.member.1={}&Subnets.member.2={}", subnets[0], subnets[1]);
        let balancer = self.ask(ELB, "CreateLoadBalancer", &form);
        let balancer = between(&balancer, "<LoadBalancerArn>", "</LoadBalancerArn>").to_owned();
        self.groups = ["blue", "green"].map(|pool| {
            let form = format!("Name=app-{pool}&Protocol=HTTP&Port=80&VpcId={vpc}&TargetType=ip");
            let group = self.ask(ELB, "CreateTargetGroup", &form);
            let group = between(&group, "<TargetGroupArn>", "</TargetGroupArn>").to_owned();
            let mut form = format!("TargetGroupArn={group}");
            for number in 1..=2 {
                let host = if pool == "blue" { 10 } else { 20 } + number;
                write!(form, "&Targets.member.{number}.Id=10.0.0.{host}&Targets.member.{number}.Port=8080").unwrap();
            }
            self.ask(ELB, "RegisterTargets", &form);
            group
        });
        let form =
            format!("LoadBalancerArn={balancer}&Protocol=HTTP&Port=80&{}", self.forward("DefaultActions", 100, 0));
        let listener = self.ask(ELB, "CreateListener", &form);
        between(&listener, "<ListenerArn>", "</ListenerArn>").clone_into(&mut self.listener);
        let form = format!(
            "ListenerArn={}&Priority=10&Conditions.member.1.Field=path-pattern&Conditions.member.1.Values.member.1=/app/*&{}",
            self.listener,
            self.forward("Actions", 100, 0)
        );
        let rule = self.ask(ELB, "CreateRule", &form);
        between(&rule, "<RuleArn>", "</RuleArn>").clone_into(&mut self.rule);
    }

    fn forward(&self, under: &str, blue: u32, green: u32) -> String {
        let mut form = format!("{under}.member.1.Type=forward");
        for (number, (group, weight)) in self.groups.iter().zip([blue, green]).enumerate() {
            let tuple = format!("{under}.member.1.ForwardConfig.TargetGroups.member.{}", number + 1);
            write!(form, "&{tuple}.TargetGroupArn={group}&{tuple}.Weight={weight}").unwrap();
        }
        form
    }

    /// One request; the answer must be a yes. The server takes service and region from the header and checks no signature.
    pub fn ask(&self, service: &str, action: &str, form: &str) -> String {
        let version = match service {
            "ec2" => "2016-11-15",
            "monitoring" => "2010-08-01",
            _ => "2015-12-01",
        };
        let body = format!("Action={action}&Version={version}&{form}");
        let mut stream = TcpStream::connect(self.address).expect("it takes connections");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        write!(
            stream,
            "POST / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/{service}/aws4_request, \
             SignedHeaders=host, Signature=0\r\nContent-Length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.contains(&format!("<{action}Response")),
            "{action}: {answer}"
        );
        answer
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        self.end();
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let found = text.split_once(before).and_then(|(_, rest)| rest.split_once(after));
    found.unwrap_or_else(|| panic!("there is no {before} in {text}")).0
}

/// The server's program, where `tests/run` puts it.
fn program() -> Option<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(|| {
        let home = std::env::var_os("HOME")?;
        Some(PathBuf::from(home).join(".cache"))
    });
    let cached = cache?.join("flightdeck-tests/python-moto_server/bin/moto_server");
    cached.is_file().then_some(cached)
}
