using System.CommandLine;
using Llama4.Images;

namespace Llama4.Server.Verbs;

/// <summary><c>--allow-image-hosts</c>: whom the server asks for pictures that a request names by address.</summary>
internal sealed class ImageHostsOption
{
    public ImageHostsOption()
    {
        Option = new Option<ImageHosts>("--allow-image-hosts")
        {
            Description = "Hosts that pictures may be fetched from, like images.example.com, *.example.org or cdn.example.net:8443. Default: none; pictures come as data: URIs.",
            HelpName = "HOST[,HOST...]",
            CustomParser = result =>
            {
                try
                {
                    return new ImageHosts(result.Tokens.SelectMany(token => token.Value.Split(',')));
                }
                catch (ArgumentException error)
                {
                    result.AddError($"--allow-image-hosts: {error.Message}");
                    return ImageHosts.None;
                }
            },
        };
    }

    public Option<ImageHosts> Option { get; }

    public ImageHosts Read(ParseResult parsed) => parsed.GetValue(Option) ?? ImageHosts.None;
}
