//! Calls between the generated client and the generated server, without a network: the client is handed the
//! server as its transport, as a test that stands in for the daemon would do.

use buildkit_proto::frontend::llb_bridge_client::LlbBridgeClient;
use buildkit_proto::frontend::llb_bridge_server::{LlbBridge, LlbBridgeServer, SERVICE_NAME};
use buildkit_proto::frontend::{
    self as proto, PingRequest, PongResponse, ReadFileRequest, ReadFileResponse, ReturnRequest,
};
use tonic::{Code, Request, Response, Status};

/// A daemon that answers a ping and knows one file.
struct Daemon;

fn read_file(request: ReadFileRequest) -> Result<ReadFileResponse, Status> {
    match request.file_path.as_str() {
        "known" => Ok(ReadFileResponse {
            data: b"content".to_vec(),
        }),
        path => Err(Status::not_found(format!(
            "open {path}: no such file or directory"
        ))),
    }
}

fn unknown<Q, R>(_: Q) -> Result<R, Status> {
    Err(Status::unimplemented("this daemon knows nothing of it"))
}

/// Has each call answered by a function.
macro_rules! daemon {
    ($($call:ident($request:ident) -> $response:ident = $answer:expr;)*) => {
        #[tonic::async_trait]
        impl LlbBridge for Daemon {
            $(
                async fn $call(&self, request: Request<proto::$request>) -> Result<Response<proto::$response>, Status> {
                    ($answer)(request.into_inner()).map(Response::new)
                }
            )*

            type ExecProcessStream = tonic::Streaming<proto::ExecMessage>;

            async fn exec_process(
                &self,
                request: Request<tonic::Streaming<proto::ExecMessage>>,
            ) -> Result<Response<Self::ExecProcessStream>, Status> {
                // What is said comes back.
                Ok(Response::new(request.into_inner()))
            }
        }
    };
}

daemon! {
    ping(PingRequest) -> PongResponse = |_| Ok(PongResponse::default());
    read_file(ReadFileRequest) -> ReadFileResponse = read_file;
    resolve_image_config(ResolveImageConfigRequest) -> ResolveImageConfigResponse = unknown;
    resolve_source_meta(ResolveSourceMetaRequest) -> ResolveSourceMetaResponse = unknown;
    solve(SolveRequest) -> SolveResponse = unknown;
    read_dir(ReadDirRequest) -> ReadDirResponse = unknown;
    stat_file(StatFileRequest) -> StatFileResponse = unknown;
    evaluate(EvaluateRequest) -> EvaluateResponse = unknown;
    r#return(ReturnRequest) -> ReturnResponse = unknown;
    inputs(InputsRequest) -> InputsResponse = unknown;
    warn(WarnRequest) -> WarnResponse = unknown;
    new_container(NewContainerRequest) -> NewContainerResponse = unknown;
    release_container(ReleaseContainerRequest) -> ReleaseContainerResponse = unknown;
}

#[test]
fn the_service_has_buildkits_name() {
    assert_eq!(SERVICE_NAME, "moby.buildkit.v1.frontend.LLBBridge");
}

#[test]
fn a_client_and_a_server_understand_each_other() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime without drivers");
    runtime.block_on(async {
        let mut client = LlbBridgeClient::new(LlbBridgeServer::new(Daemon));
        let pong = client
            .ping(PingRequest {})
            .await
            .expect("the daemon answers");
        assert_eq!(pong.into_inner(), PongResponse::default());

        let ask = |path: &str| ReadFileRequest {
            file_path: path.to_owned(),
            ..ReadFileRequest::default()
        };
        let file = client
            .read_file(ask("known"))
            .await
            .expect("the file is there");
        assert_eq!(file.into_inner().data, b"content");
        let error = client
            .read_file(ask("other"))
            .await
            .expect_err("there is no such file");
        assert_eq!(error.code(), Code::NotFound);
        assert_eq!(error.message(), "open other: no such file or directory");

        let error = client
            .r#return(ReturnRequest::default())
            .await
            .expect_err("the daemon does not know it");
        assert_eq!(error.code(), Code::Unimplemented);
    });
}
