/** The domain of a region's endpoints: AWS's partitions have domains of their own. */
export function dnsSuffixOf(region: string): string {
  return region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
}

/** The region in the host of a service's endpoint, a VPC's and a FIPS one included. */
export function regionOfHost(host: string): string | undefined {
  return /\b(?:bedrock-runtime|bedrock-mantle|runtime\.sagemaker)(?:-fips)?\.([a-z]{2}[a-z0-9-]*-\d)\./.exec(
    host,
  )?.[1];
}
